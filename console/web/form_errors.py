"""What is wrong with a form that was sent, told at the top of its page, each with the way to the answer that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm, BoundField

from jobs.texts.languages import Texts


@dataclass(frozen=True)
class Wrong:
    """One thing to be put right.

    Attributes:
        text: what is wrong.
        label: what was asked for; empty where it is about no one answer.
        target: the ``id`` of the answer's control; empty where it is about none that can be seen.
    """

    text: str
    label: str = ""
    target: str = ""


def sent_form(context: dict[str, Any]) -> BaseForm | None:
    """The form of a page that was sent and is not right: ``sent_form``, where a page has several, else ``form``."""
    form = context.get("sent_form") or context.get("form")
    return form if isinstance(form, BaseForm) and form.is_bound and form.errors else None


def wrongs_of(form: BaseForm, texts: Texts) -> list[Wrong]:
    """All that is wrong with a form, in the order of the page; where something unseen is amiss, that it did not come whole."""
    found = list(dict.fromkeys(_of_form(form)))
    if any(field.errors for field in form.hidden_fields()):
        found.append(Wrong(texts("errors.cut")))
    return found


def _of_form(form: BaseForm) -> Iterator[Wrong]:
    for text in form.non_field_errors():
        yield Wrong(str(text))
    for field in form.visible_fields():
        for text in field.errors:
            yield Wrong(str(text), str(field.label), _target(field))


def _target(field: BoundField) -> str:
    """The control itself, or, where an answer is chosen among several, the first of them."""
    return str(field.id_for_label or (field.subwidgets[0].id_for_label if field.subwidgets else ""))
