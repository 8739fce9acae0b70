"""What each address asks of whoever opens it: the one place. An address that is not named here is open to nobody."""

from collections.abc import Mapping

from forain.core.people import Right, rights_of

PUBLIC = frozenset(
    {"login", "login_code", "first", "invited", "set_language", "healthz", "hook", "hook_topic", "calendar"}
)
"""Open without a login. Hooks are verified by their signature instead; one-time links and calendars by the secret in them."""

NEEDED: Mapping[str, Right] = {
    "logout": Right.OWN,
    "own": Right.OWN,
    "own_password": Right.OWN,
    "own_reminders": Right.OWN,
    "own_trial": Right.OWN,
    "second_factor": Right.OWN,
    "second_factor_renew": Right.OWN,
    "recovery_codes": Right.OWN,
    "dashboard": Right.ORDERS,
    "orders": Right.ORDERS,
    "order": Right.ORDERS,
    "offers": Right.SEE,
    "offer": Right.SEE,
    "links": Right.SEE,
    "links_csv": Right.SEE,
    "rules": Right.SEE,
    "rules_csv": Right.SEE,
    "site_differences": Right.SEE,
    "brakes": Right.SEE,
    "refusals": Right.SEE,
    "refusals_csv": Right.SEE,
    "shop": Right.SEE,
    "account": Right.SEE,
    "by_hand": Right.SEE,
    "issues": Right.SEE,
    "authorizations": Right.SEE,
    "make_calendar": Right.SEE,
    "reminders": Right.SEE,
    "journal": Right.SEE,
    "health": Right.SEE,
    "take_care": Right.CHANGE,
    "register": Right.CHANGE,
    "register_account": Right.CHANGE,
    "pause": Right.CHANGE,
    "landing": Right.CHANGE,
    "check_now": Right.CHANGE,
    "allow_site": Right.CHANGE,
    "decide_link": Right.CHANGE,
    "say_bundle": Right.CHANGE,
    "dissolve_bundle": Right.CHANGE,
    "links_upload": Right.CHANGE,
    "say_rule": Right.CHANGE,
    "say_rate": Right.CHANGE,
    "rates_upload": Right.CHANGE,
    "try_rule": Right.CHANGE,
    "rules_upload": Right.CHANGE,
    "answer_brake": Right.CHANGE,
    "brake_limits": Right.CHANGE,
    "empty_shelves": Right.CHANGE,
    "holiday": Right.CHANGE,
    "allow_leap": Right.CHANGE,
    "retry_refusals": Right.CHANGE,
    "retry_order": Right.CHANGE,
    "put_order_aside": Right.CHANGE,
    "add_shop": Right.SECRETS,
    "rates_address": Right.SECRETS,
    "add_webhook": Right.SECRETS,
    "webhook": Right.SECRETS,
    "enter_shop_secrets": Right.SECRETS,
    "add_account": Right.SECRETS,
    "renew": Right.SECRETS,
    "renew_all": Right.SECRETS,
    "enter_token": Right.SECRETS,
    "correct_date": Right.SECRETS,
    "enter_secret": Right.SECRETS,
    "correct_secret_date": Right.SECRETS,
    "rotation": Right.SECRETS,
    "disconnect": Right.SECRETS,
    "callback": Right.SECRETS,
    "arrival": Right.SECRETS,
    "people": Right.PEOPLE,
    "invite": Right.PEOPLE,
    "confirm_people": Right.PEOPLE,
    "person_link": Right.PEOPLE,
    "person_role": Right.PEOPLE,
    "person_active": Right.PEOPLE,
}
"""Name of the address -> the right it needs."""


def may_open(role: str, name: str) -> bool:
    """Whether somebody of that role may open the address of that name. False for what nobody declared."""
    needed = NEEDED.get(name)
    return needed is not None and needed in rights_of(role)
