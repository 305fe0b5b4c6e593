"""The URL of each page."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.shortcuts import render
from django.urls import path

from console.apps.ranking.current_policy import current_policy
from console.web.api import token_views as tokens
from console.web.api.endpoints import api
from console.web.views import accounts, appeals, campaigns, decisions, home, oversight, saved_views, second_factor
from console.web.views.decisions import hand_over_open
from console.web.views.entity import entity
from console.web.views.explore import explore, export_chart
from console.web.views.feedback import feedback, handle_one, reason_texts
from console.web.views.list_export import download_list
from console.web.views.risk_list import risk_list
from console.web.views.visits import visits

programs = api.urls
urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", accounts.SignInView.as_view(), name="sign_in"),
    path("sign-in/provider/", accounts.to_provider, name="to_provider"),
    path("sign-in/provider/back/", accounts.from_provider, name="provider_back"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("password/", accounts.own_password, name="own_password"),
    path("second-factor/", second_factor.second_factor, name="second_factor"),
    path("second-factor/set-up/", second_factor.set_up, name="second_factor_set_up"),
    path("second-factor/remove/", second_factor.remove, name="second_factor_remove"),
    path("language/", accounts.choose_language, name="language"),
    path("keys/", accounts.switch_shortcuts, name="keys"),
    path("going-on/", accounts.choose_next_page, name="going_on"),
    path("help/", lambda request: render(request, "help.html", {"policy": current_policy()}), name="help"),
    path("list/", risk_list, name="risk_list"),
    path("list/export.<str:format>", download_list, name="export_list"),
    path("list/bulk/", decisions.decide_bulk, name="bulk"),
    path("list/bulk/undo/", decisions.undo_bulk, name="bulk_undo"),
    path("list/views/", saved_views.save_view, name="view_save"),
    path("list/views/<int:pk>/remove/", saved_views.remove_view, name="view_remove"),
    path("entity/<str:entity_id>/", entity, name="entity"),
    path("entity/<str:entity_id>/appeal/", appeals.appeal_new, name="appeal_new"),
    path("entity/<str:entity_id>/<str:action>/", decisions.decide_one, name="decide"),
    path("decision/<int:pk>/undo/", decisions.undo_one, name="undo"),
    path("case/<int:pk>/result/", home.result, name="result"),
    path("case/<int:pk>/<str:action>/", decisions.take_step, name="step"),
    path("visits/", visits, name="visits"),
    path("supervisor/", home.supervisor, name="supervisor"),
    path("supervisor/hand-over/", hand_over_open, name="hand_over"),
    path("appeals/", appeals.appeals, name="appeals"),
    path("appeals/<int:pk>/answer/", appeals.appeal_answer, name="appeal_answer"),
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/new/", campaigns.campaign_new, name="campaign_new"),
    path("campaigns/<int:pk>/", campaigns.campaign, name="campaign"),
    path("campaigns/<int:pk>/close/", campaigns.campaign_close, name="campaign_close"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", tokens.revoke, name="token_revoke"),
    path("api/", programs),
    path("explore/", explore, name="explore"),
    path("explore/<str:key>.csv", export_chart, name="explore_export"),
    path("feedback/", feedback, name="feedback"),
    path("feedback/<int:pk>/handle/", handle_one, name="handle"),
    path("status/", oversight.status, name="status"),
    path("status/model/", oversight.model, name="model"),
    path("status/model-card.md", oversight.model_card, name="model_card"),
    path("audit/", oversight.audit, name="audit"),
    path("audit/verify/", oversight.verify, name="audit_verify"),
    path("audit/export.csv", oversight.export_audit, name="audit_export"),
    path("audit/chain.jsonl", oversight.export_chain, name="audit_chain"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/reasons/", reason_texts, name="reason_texts"),
    path("accounts/new/", accounts.account, name="account_new"),
    path("accounts/<int:pk>/", accounts.account, name="account"),
]
# These need a token, not a session: a redirect to the sign-in page would not help a program.
for view in (pattern.callback for pattern in programs[0] if pattern.name not in ("openapi-json", "api-root")):
    view.login_required = False
handler400 = "console.web.failures.bad_request"
handler403 = "console.web.failures.forbidden"
handler404 = "console.web.failures.not_found"
handler500 = "console.web.failures.fault"
