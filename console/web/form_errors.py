"""The errors of a submitted form, listed at the top of its page, each with a link to its field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm, BoundField

from jobs.texts.languages import Texts


@dataclass(frozen=True)
class FormError:
    """One error: its message, the label of its field and the ``id`` of the field's control; both are empty without such a field."""

    text: str
    label: str = ""
    target: str = ""


def sent_form(context: dict[str, Any]) -> BaseForm | None:
    """The invalid form of a page: ``sent_form`` on pages with several forms, else ``form``."""
    form = context.get("sent_form") or context.get("form")
    return form if isinstance(form, BaseForm) and form.is_bound and form.errors else None


def errors_of(form: BaseForm, texts: Texts) -> list[FormError]:
    """All errors of a form, in the order of the page. An error in a hidden field means that the form arrived incomplete."""
    found = list(dict.fromkeys(_visible_errors(form)))
    if any(field.errors for field in form.hidden_fields()):
        found.append(FormError(texts("errors.cut")))
    return found


def _visible_errors(form: BaseForm) -> Iterator[FormError]:
    for text in form.non_field_errors():
        yield FormError(str(text))
    for field in form.visible_fields():
        for text in field.errors:
            yield FormError(str(text), str(field.label), _target(field))


def _target(field: BoundField) -> str:
    """The control itself, or the first of several radio buttons."""
    return str(field.id_for_label or (field.subwidgets[0].id_for_label if field.subwidgets else ""))
