"""The tables. Facts only: phases, counts and issues' causes are computed. Uniqueness lives here.

Instants are UTC, amounts whole minor units beside their currency, codes never translated text.
One file, though a long one: the tables are read together, as one picture of what is known.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Shop(models.Model):
    """A connected shop. `options`: its manifest's fields that are not secret. `mark`: where its change
    feed was read up to. `hook_name`: the unguessable part of its webhook address. `locations`: the names of its stock locations as
    last mirrored, [] where it does not tell them apart."""

    kind = models.TextField()
    name = models.TextField(unique=True)
    options = models.JSONField(default=dict)
    hook_name = models.TextField(unique=True)
    mark = models.TextField(default="", blank=True)
    catalogue_version = models.TextField(default="", blank=True)
    catalogue_problems = models.JSONField(default=list)
    locations = models.JSONField(default=list, db_default=[])
    mirrored_at = models.DateTimeField(null=True)
    watched_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()


class Application(models.Model):
    """A developer credential. The secret itself is in the vault, and the one before it, which is good until `former_until`.

    `secret_no` rises with every secret that is kept: a late refusal of a former one says nothing about the present one.
    `secret_issued_at`: when the present one was kept here. `secret_estimated`: its end is reckoned from the day a person typed,
    or from that moment, and is not the marketplace's own word.
    `unproven_since`: the present secret came through a queue then, and has not answered yet; None: it has. `superseded_at`:
    another one was asked for and has not come: if it was made, the present one ends then; None: nothing says so.
    """

    marketplace = models.TextField()
    kind = models.TextField()
    client_id = models.TextField()
    application_id = models.TextField(default="", blank=True)
    draft = models.BooleanField(default=False)
    secret_no = models.IntegerField(default=0, db_default=0)
    secret_issued_at = models.DateTimeField(null=True)
    secret_expires_at = models.DateTimeField(null=True)
    secret_estimated = models.BooleanField(default=False, db_default=False)
    refused_at = models.DateTimeField(null=True)
    refused_code = models.TextField(default="", blank=True)
    former_until = models.DateTimeField(null=True)
    unproven_since = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["marketplace", "client_id"], name="application_once")]


class Registration(models.Model):
    """How far the merchant is on the way to an application of their own; `application` None: there is none yet.

    `site`: whose pages its links open, "" not chosen. `marketplace_ships`: they have stock at the marketplace. `steps`: step ->
    who said that it is done, and when. `roles`: role -> what a person said of it (`core.registration.Said`), of which day,
    and who. What Forain sees of both is computed.
    """

    marketplace = models.TextField()
    application = models.OneToOneField(Application, models.CASCADE, null=True, related_name="registration")
    site = models.TextField(default="", blank=True)
    marketplace_ships = models.BooleanField(default=False)
    steps = models.JSONField(default=dict)
    roles = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["marketplace"], condition=Q(application__isnull=True), name="registration_under_way_once"
            ),
        ]


class SecretQueue(models.Model):
    """The queue through which a marketplace tells an application's new client secrets. What signs our calls is in the vault.

    `read_at`: when it was last read to its end. `asked_at`: a new secret was asked for then, and has not come yet; None:
    none is awaited.
    """

    application = models.OneToOneField(Application, models.CASCADE, related_name="queue")
    url = models.TextField()
    region = models.TextField()
    access_key_id = models.TextField()
    set_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)


class Account(models.Model):
    """One seller identity at one marketplace in one region, with the facts of its authorization.

    `orders_known_until`: the list of changed orders was read up to then. `sales_known_until`: every order placed up to
    then is in our book; `orders_read_until`, `orders_read_at`: the reading that will say so next (`core.orders.Readings`).
    `probed_at`: last look whether the permission stands. `options`: addresses and other values of the manifest's fields.
    `paused`: the parts of it that the merchant has paused (core.authorization.PARTS). `safe_landing`: the merchant wants quantities at 0 before the permission ends. `brakes`: the limits he set (name -> text, see
    core.brakes). `emptied_at`: somebody set all quantities to 0 then; None: nobody, or it was undone. `holiday_*`: see
    core.holiday.
    """

    marketplace = models.TextField()
    name = models.TextField(unique=True)
    region = models.TextField()
    seller = models.TextField()
    application = models.ForeignKey(Application, models.PROTECT, related_name="accounts")
    shop = models.ForeignKey(Shop, models.PROTECT, null=True, related_name="accounts")
    options = models.JSONField(default=dict)
    paused = models.JSONField(default=list, db_default=[])
    safe_landing = models.BooleanField(default=False, db_default=False)
    brakes = models.JSONField(default=dict, db_default={})
    emptied_at = models.DateTimeField(null=True)
    emptied_by = models.TextField(default="", db_default="", blank=True)
    holiday_begins = models.DateTimeField(null=True)
    holiday_ends = models.DateTimeField(null=True)
    holiday_begun_at = models.DateTimeField(null=True)
    selling_plan = models.TextField(default="", blank=True)

    standing = models.TextField(default="none")
    grant_no = models.IntegerField(default=0)
    granted_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    estimated = models.BooleanField(default=False)
    doubted_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    reason = models.TextField(default="", db_default="", blank=True)
    probed_at = models.DateTimeField(null=True)

    import_since = models.DateTimeField(null=True)
    orders_known_until = models.DateTimeField(null=True)
    sales_known_until = models.DateTimeField(null=True)
    orders_read_until = models.DateTimeField(null=True)
    orders_read_at = models.DateTimeField(null=True)
    orders_imported_at = models.DateTimeField(null=True)
    offers_swept_at = models.DateTimeField(null=True)
    catch_up_from = models.DateTimeField(null=True)
    resumed_at = models.DateTimeField(null=True)
    last_word_at = models.DateTimeField(null=True)
    denied_operations = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["marketplace", "region", "seller"], name="account_once"),
        ]


class AccountSite(models.Model):
    """One site of an account. `writes_allowed_at` None: read-only, nobody has said yes yet."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="sites")
    site = models.TextField()
    country = models.TextField()
    currency = models.TextField()
    locale = models.TextField(default="", blank=True)
    domain = models.TextField(default="", blank=True)
    name = models.TextField(default="", blank=True)
    used = models.BooleanField(default=True)
    participating = models.BooleanField(default=True)
    suspended = models.BooleanField(default=False)
    writes_allowed_at = models.DateTimeField(null=True)
    writes_allowed_by = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "site"], name="account_site_once")]
        ordering = ["country"]


class Rule(models.Model):
    """What the merchant wishes for the offers of an account: `wishes` (name -> text, see core.rules), for all of them, for a
    group of the shop's articles or for one SKU, which `name` names; on all sites ("") or one."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="rules")
    level = models.TextField()
    site = models.TextField(default="", blank=True)
    name = models.TextField(default="", blank=True)
    wishes = models.JSONField(default=dict)
    changed_at = models.DateTimeField()
    changed_by = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "level", "site", "name"], name="rule_once")]


class Rate(models.Model):
    """An exchange rate: so many `target` for one `source` (currencies), as of the day `on`."""

    source = models.TextField()
    target = models.TextField()
    rate = models.DecimalField(max_digits=16, decimal_places=8)
    on = models.DateField()
    said_at = models.DateTimeField()
    said_by = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "target"], name="rate_once")]


class Person(models.Model):
    """What Forain knows of somebody who may come in, beside Django's user (name, password, whether active).

    `second_factor_at` None: there is none; its secret is in the vault. `last_step`: the newest 30 seconds whose code was
    used, so that no code is used twice. `sessions_no`: raising it ends every session begun before. `link_hash`: SHA-256
    of the one-time link that still works until `link_until`, "" when there is none. `calendar_hash`: SHA-256 of the secret in
    the address of their calendar, "" when there is none.

    Reminders are mailed to the user's address (Django's `email`, "": none wanted), in `language` ("": English). Who does
    not react lets `second_mail` be told too. No mail from `quiet_from` to `quiet_until` (both None: at any hour) on the
    clock of `time_zone`, but what stands still, where `urgent_any_hour`.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="person")
    role = models.TextField()
    second_factor_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)
    sessions_no = models.IntegerField(default=0)
    link_hash = models.TextField(default="", blank=True)
    link_until = models.DateTimeField(null=True)
    calendar_hash = models.TextField(default="", db_default="", blank=True)
    calendar_made_at = models.DateTimeField(null=True)
    second_mail = models.TextField(default="", db_default="", blank=True)
    language = models.TextField(default="", db_default="", blank=True)
    time_zone = models.TextField(default="", db_default="", blank=True)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    urgent_any_hour = models.BooleanField(default=True, db_default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link_hash"], condition=~Q(link_hash=""), name="person_link_once"),
            models.UniqueConstraint(
                fields=["calendar_hash"], condition=~Q(calendar_hash=""), name="person_calendar_once"
            ),
        ]


class RecoveryCode(models.Model):
    """One code for whoever has no phone at hand: 80 random bits, kept as SHA-256 only, deleted when used."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="recovery_codes")
    code_hash = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "code_hash"], name="recovery_code_once")]


class Attempt(models.Model):
    """One try at obtaining a consent; a row of its own, so that it cannot disturb a working authorization.

    `state_hash`: SHA-256 of the single-use state. `account` None: a first connection.
    """

    state_hash = models.TextField(unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, models.CASCADE, null=True)
    application = models.ForeignKey(Application, models.CASCADE)
    region = models.TextField()
    site = models.TextField()
    form = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="", blank=True)


class VaultEntry(models.Model):
    """One encrypted secret. `owner` is also inside the ciphertext and compared when read."""

    owner = models.TextField()
    name = models.TextField()
    ciphertext = models.BinaryField()
    written_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="vault_once")]


class Variant(models.Model):
    """The shop's catalogue as last mirrored. `gone_at`: no longer in the shop. `group_prices`: group of customers -> amount with
    currency. `locations`: [name, on hand or null, allocated] of each stock location (`core.stock.AtLocation`)."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="variants")
    variant = models.TextField()
    sku = models.TextField(db_index=True)
    ean = models.TextField(default="", blank=True)
    asin = models.TextField(default="", blank=True)
    title = models.TextField(default="", blank=True)
    price_minor = models.BigIntegerField(null=True)
    currency = models.TextField(default="", blank=True)
    tax_rate = models.DecimalField(max_digits=7, decimal_places=3, null=True)
    on_hand = models.BigIntegerField(null=True)
    allocated = models.BigIntegerField(null=True)
    locations = models.JSONField(default=list, db_default=[])
    active = models.BooleanField(default=True)
    group = models.TextField(default="", db_default="", blank=True)
    group_prices = models.JSONField(default=dict, db_default={})
    special_minor = models.BigIntegerField(null=True)
    special_currency = models.TextField(default="", db_default="", blank=True)
    special_first = models.DateField(null=True)
    special_last = models.DateField(null=True)
    cost_minor = models.BigIntegerField(null=True)
    cost_currency = models.TextField(default="", db_default="", blank=True)
    problems = models.JSONField(default=list)
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "variant"], name="variant_once")]


class Link(models.Model):
    """An SKU of the marketplace is this variant of the shop. `decided_at` None: proposed, a person decides.

    `how`: same_sku, same_ean, same_asin, person, file. A refused proposal stays, so that it is not proposed again.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="links")
    sku = models.TextField()
    variant = models.TextField()
    how = models.TextField()
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.TextField(default="", blank=True)
    refused = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "sku", "variant"], name="link_once"),
            models.UniqueConstraint(
                fields=["account", "sku"],
                condition=Q(decided_at__isnull=False, refused=False),
                name="link_one_variant_per_sku",
            ),
        ]
        # Each change of an article asks who sells it.
        indexes = [
            models.Index(fields=["variant"], condition=Q(decided_at__isnull=False, refused=False), name="link_variant")
        ]


class Bundle(models.Model):
    """An SKU of the marketplace is several articles of the shop, or several pieces of one; a person said so.

    `how`: person, file. An SKU that is a bundle has no decided link; whoever writes either holds `shops.linking`.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="bundles")
    sku = models.TextField()
    how = models.TextField()
    said_at = models.DateTimeField()
    said_by = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "sku"], name="bundle_once")]


class BundlePart(models.Model):
    """Each bundle needs `need` pieces of this variant; in the order in which they were said."""

    bundle = models.ForeignKey(Bundle, models.CASCADE, related_name="parts")
    variant = models.TextField(db_index=True)
    need = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bundle", "variant"], name="bundle_part_once"),
            models.CheckConstraint(condition=Q(need__gte=1), name="bundle_needs_a_piece"),
        ]
        indexes = [models.Index(fields=["variant"], name="bundle_part_variant")]
        ordering = ["pk"]


class Offer(models.Model):
    """One SKU on one site: desired, submitted, observed. The queue of work is `wanted_no > settled_no`.

    `wanted_no` rises with every reason to look; a worker settles the number it claimed, so a change that
    comes meanwhile is never lost. `claimed_until`: a worker is at it, `claim_no` says which claim it is. `not_before`:
    do not look again earlier. `alarm`: why a person must look, as the last look that decided says. `moved_no` rises with
    every order that moved the marketplace's quantity; a look that began later brings `looked_no` up to it. `observed_at`
    says when what is shown here was seen; `asked_at` when the offer was last asked for and was not in the answer, or not
    readable. The `terms` are those of core.terms, each as a line of text by its name; `told_terms`: what was told last of
    each, whenever that was. `turns_at`: what is wanted changes then by itself. `held`: why a part of what was
    wanted last is held back; it is the offer's alarm once the rest is settled. `led_elsewhere`: field that
    others lead -> [who, what our rules would say]. `changed_elsewhere`: how often others changed what we lead, and
    `price_setup`: what the marketplace does with the price by itself, both as core.ownership and core.offers keep them.
    `shop_minor`: the shop's own price that the desired one was last reckoned from. `feed`: the open feed
    that tells it; until it has ended nobody else does. `road`: how it was told at `submitted_at` ("call", "feed"; "": never).
    `lane`: what goes first, as `core.roads.Lane` has it. `refusals`: for which problems the marketplace does not do as it was
    told, the first one counts, and `refused_at` since when; both mean something while the alarm is one of `refusals.TOLD_NO`.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="offers")
    site = models.TextField()
    sku = models.TextField()

    wanted_no = models.BigIntegerField(default=1)
    settled_no = models.BigIntegerField(default=0)
    marked_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    claim_no = models.BigIntegerField(default=0, db_default=0)
    correlation = models.TextField(default="", blank=True)

    desired_quantity = models.BigIntegerField(null=True)
    desired_minor = models.BigIntegerField(null=True)
    desired_currency = models.TextField(default="", blank=True)
    shop_minor = models.BigIntegerField(null=True)
    desired_steps = models.JSONField(default=list)
    desired_at = models.DateTimeField(null=True)
    desired_terms = models.JSONField(default=dict, db_default={})
    turns_at = models.DateTimeField(null=True)
    held = models.TextField(default="", db_default="", blank=True)
    led_elsewhere = models.JSONField(default=dict, db_default={})
    changed_elsewhere = models.JSONField(default=dict, db_default={})
    notes = models.JSONField(default=list)

    submitted_quantity = models.BigIntegerField(null=True)
    submitted_minor = models.BigIntegerField(null=True)
    submitted_currency = models.TextField(default="", blank=True)
    submitted_terms = models.JSONField(default=dict, db_default={})
    told_terms = models.JSONField(default=dict, db_default={})
    submitted_at = models.DateTimeField(null=True)
    submission = models.TextField(default="", blank=True)
    submitted_no = models.BigIntegerField(default=0)
    tries = models.IntegerField(default=0)
    acknowledged_quantity = models.BigIntegerField(null=True)

    observed_quantity = models.BigIntegerField(null=True)
    observed_minor = models.BigIntegerField(null=True)
    observed_currency = models.TextField(default="", blank=True)
    observed_terms = models.JSONField(default=dict, db_default={})
    price_setup = models.JSONField(default=dict, db_default={})
    fulfilled_by = models.TextField(default="merchant")
    buyable = models.BooleanField(default=False)
    channels = models.JSONField(default=list)
    product_type = models.TextField(default="", blank=True)
    product_code = models.TextField(default="", blank=True)
    ean = models.TextField(default="", blank=True)
    title = models.TextField(default="", blank=True)
    problems = models.JSONField(default=list)
    observed_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    moved_no = models.BigIntegerField(default=0, db_default=0)
    looked_no = models.BigIntegerField(default=0, db_default=0)

    alarm = models.TextField(default="", blank=True)
    alarm_detail = models.TextField(default="", blank=True)
    refusals = models.JSONField(default=list, db_default=[])
    refused_at = models.DateTimeField(null=True)

    feed = models.ForeignKey("Feed", models.SET_NULL, null=True, related_name="+", db_index=False)
    road = models.TextField(default="", db_default="", blank=True)
    lane = models.SmallIntegerField(default=2, db_default=2)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "site", "sku"], name="offer_once")]
        indexes = [
            models.Index(
                fields=["account", "lane", "marked_at"],
                condition=Q(wanted_no__gt=F("settled_no"), feed=None),
                name="offer_waiting",
            ),
            models.Index(fields=["feed"], condition=Q(feed__isnull=False), name="offer_in_feed"),
            models.Index(fields=["account", "sku"], name="offer_sku"),
            models.Index(fields=["account", "submitted_at"], condition=~Q(submission=""), name="offer_unproven"),
            models.Index(fields=["account", "turns_at"], condition=Q(turns_at__isnull=False), name="offer_turns"),
            models.Index(fields=["account", "alarm"], condition=~Q(alarm=""), name="offer_alarmed"),
        ]


class Reckoning(models.Model):
    """What was wanted of an offer from `at` on, and how it came about: written when either changes, beside the offer's own row."""

    # It goes with its offer.
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    quantity = models.BigIntegerField(null=True)
    minor = models.BigIntegerField(null=True)
    currency = models.TextField(default="", blank=True)
    terms = models.JSONField(default=dict)
    steps = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    held = models.TextField(default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["offer", "-at"], name="reckoning_newest")]


class FeeEstimate(models.Model):
    """What the marketplace keeps of the price of an offer whose floor follows from its cost (core.floors.Fee), or that it is yet
    to be asked.

    `wanted_minor`: the price to ask for, and `ask_at` when; `by_marketplace`: whether the marketplace sends it, which changes the
    fees. `at_minor`, `referral_minor`, `fixed_minor`, `least_minor`: the last estimate that could be believed, of
    `estimated_at`; None: there is none yet. `problem`: why the last answer was none, "" where it was one (or `fees.ALONE`). In another currency or
    way of sending it is another row.
    """

    # It goes with its offer, and the offer with the account.
    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="+")
    offer = models.OneToOneField(Offer, models.CASCADE, related_name="fee")
    currency = models.TextField()
    wanted_minor = models.BigIntegerField()
    by_marketplace = models.BooleanField()
    ask_at = models.DateTimeField()
    at_minor = models.BigIntegerField(null=True)
    referral_minor = models.BigIntegerField(null=True)
    fixed_minor = models.BigIntegerField(null=True)
    least_minor = models.BigIntegerField(null=True)
    estimated_at = models.DateTimeField(null=True)
    problem = models.TextField(default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "ask_at"], name="fee_to_ask")]


class Leap(models.Model):
    """A change of one offer that is large enough to be looked at before it is told (core.brakes.Leap), with what became of it.

    `marked_at`: since when the offer was marked for it, by which leaps of one wave are known. A leap to another value is
    another row, so that an answer to those that were shown is none to those that came after. `by`, `decided_at`: who said
    yes or no.
    """

    # It goes with its offer, and the offer with the account.
    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="+")
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="leaps")
    kind = models.TextField()
    before = models.BigIntegerField()
    after = models.BigIntegerField()
    currency = models.TextField(default="", blank=True)
    state = models.TextField()
    marked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    by = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["offer", "kind"], name="leap_once")]
        indexes = [models.Index(fields=["account", "state", "kind", "marked_at"], name="leap_by_state")]


class Feed(models.Model):
    """Many changes of one site told at once. At most one of an account is open; `state` as `core.roads.FeedState` has it.

    `number`: the marketplace's name of it, "" until it said one. `started_at`: when it was last about to be asked for.
    `ends_by`: after that it counts as stuck. `how`: how it ended ("done", "aborted", "cancelled", "stuck", "refused", "lost",
    "unread"). `told`, `refused`, `shown`: changes in it, those the report refused, those it showed as told.
    `claimed_until`: a worker is at it, `claim_no` says which claim it is.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="feeds")
    site = models.TextField()
    state = models.TextField()
    number = models.TextField(default="", blank=True)
    correlation = models.TextField(default="", blank=True)
    opened_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ends_by = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    how = models.TextField(default="", blank=True)
    problems = models.JSONField(default=list)
    told = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    shown = models.IntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)
    claim_no = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account"], condition=~Q(state="ended"), name="feed_open_once")]


class FeedLine(models.Model):
    """One change of a feed; its place is its place by id. It goes when the feed ends, or, where it was stuck, when nobody asks after it any more.

    `offer`: the row's id, not held fast: an offer may go meanwhile. `wanted_no`: the number it was decided for. `was_...`: what
    the offer had been told before, for the case that the feed surely is not carried out.
    """

    feed = models.ForeignKey(Feed, models.CASCADE, related_name="lines")
    offer = models.BigIntegerField()
    sku = models.TextField()
    product_type = models.TextField(default="", blank=True)
    quantity = models.BigIntegerField(null=True)
    minor = models.BigIntegerField(null=True)
    currency = models.TextField(default="", blank=True)
    terms = models.JSONField(default=dict)
    gone = models.JSONField(default=dict)
    wanted_no = models.BigIntegerField()
    added_at = models.DateTimeField()
    was_quantity = models.BigIntegerField(null=True)
    was_minor = models.BigIntegerField(null=True)
    was_currency = models.TextField(default="", blank=True)
    was_terms = models.JSONField(default=dict)
    was_at = models.DateTimeField(null=True)
    was_submission = models.TextField(default="", blank=True)
    was_no = models.BigIntegerField(default=0)
    was_tries = models.IntegerField(default=0)
    was_road = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "sku"], name="feed_sku_once")]


class Order(models.Model):
    """Our record of a marketplace order; unique per account, so that two workers can't make two.

    `intent_at`: a creation was begun. `claimed_until`: whoever began may still be at it, `claim_no` says which claim it
    is. `body`: the order as last read (codec in orders.py), encrypted, since it holds the buyer. `pieces`: SKU -> pieces,
    without buyer data.
    `in_part`: the newest state was only read without what concerns the buyer.
    `ended_at`: when it was first read as sent or cancelled. `buyer_until`: when the buyer must be gone from the body,
    None: there is none in it.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="orders")
    order_id = models.TextField()
    site = models.TextField()
    state = models.TextField(db_index=True)
    status = models.TextField()
    fulfilled_by = models.TextField()
    hold_reason = models.TextField(default="", blank=True)
    hold_detail = models.TextField(default="", blank=True)
    pieces = models.JSONField(default=dict)
    total_minor = models.BigIntegerField(null=True)
    currency = models.TextField(default="", blank=True)
    purchased_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    intent_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    claim_no = models.BigIntegerField(default=0, db_default=0)
    in_part = models.BooleanField(default=False, db_default=False)
    imported_at = models.DateTimeField(null=True)
    shop_order = models.TextField(default="", blank=True)
    cancelled_in_shop_at = models.DateTimeField(null=True)
    attempt = models.IntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    error = models.TextField(default="", blank=True)
    body = models.BinaryField(null=True)
    ended_at = models.DateTimeField(null=True)
    buyer_until = models.DateTimeField(null=True)
    correlation = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "order_id"], name="order_once")]
        indexes = [
            models.Index(fields=["account", "-purchased_at"], name="order_newest"),
            models.Index(fields=["buyer_until"], condition=Q(buyer_until__isnull=False), name="order_with_buyer"),
        ]


class Parcel(models.Model):
    """One parcel of a shop, to be confirmed at the marketplace once. `reference`: ours, digits only, lasting.

    `items`: pieces by line of the marketplace. `parts`: of bundles, the pieces of their components in it
    (`core.bundles.part_line`); the bundles that are whole with it are among its `items`. With parts and no items there is
    nothing to confirm yet: the rest of the bundle has not left.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="parcels")
    shop_parcel = models.TextField()
    reference = models.TextField()
    carrier = models.TextField(default="", blank=True)
    tracking = models.TextField(default="", blank=True)
    shipped_at = models.DateTimeField()
    items = models.JSONField(default=dict)
    parts = models.JSONField(default=dict, db_default={})
    seen_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    observed_at = models.DateTimeField(null=True)
    problems = models.JSONField(default=list)
    attempt = models.IntegerField(default=0)
    not_before = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "shop_parcel"], name="parcel_once"),
            models.UniqueConstraint(fields=["order", "reference"], name="parcel_reference_once"),
        ]


class Limit(models.Model):
    """A token bucket of one account and operation, shared by all workers."""

    scope = models.TextField()
    operation = models.TextField()
    tokens = models.FloatField()
    at = models.DateTimeField()
    rate = models.FloatField()
    burst = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "operation"], name="limit_once")]


class Side(models.Model):
    """How an outside party does: written once when it breaks and once when it is back.

    `clock_off`: by how many seconds our clock is ahead of the hour in its answers, 0 where it is right. `hour_agreed_at`:
    when an answer last told an hour that agreed with our clock, None where none did.
    """

    name = models.TextField(unique=True)
    account = models.ForeignKey(Account, models.CASCADE, null=True)
    shop = models.ForeignKey(Shop, models.CASCADE, null=True)
    last_word_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    error = models.TextField(default="", blank=True)
    clock_off = models.IntegerField(default=0, db_default=0)
    hour_agreed_at = models.DateTimeField(null=True)


class Finding(models.Model):
    """Something only a person can mend that a flow met and cannot be computed from other facts."""

    account = models.ForeignKey(Account, models.CASCADE, null=True)
    shop = models.ForeignKey(Shop, models.CASCADE, null=True)
    code = models.TextField()
    subject = models.TextField()
    placeholders = models.JSONField(default=dict)
    found_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "subject"], name="finding_once")]


class Notice(models.Model):
    """The projection of derived issues, so that they have a beginning and an end. Never written by hand."""

    code = models.TextField()
    subject = models.TextField()
    severity = models.TextField()
    placeholders = models.JSONField(default=dict)
    account = models.ForeignKey(Account, models.CASCADE, null=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "subject"], condition=Q(closed_at__isnull=True), name="notice_open_once"
            )
        ]


class Reminder(models.Model):
    """A reminder step told for one grant; once each, whoever works."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="reminders")
    grant_no = models.IntegerField()
    step = models.IntegerField()
    told_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "grant_no", "step"], name="reminder_once")]


class Landing(models.Model):
    """The safe landing of one grant, once for each: see `core.landing.Told`. Under another grant it means nothing."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="landings")
    grant_no = models.IntegerField()
    announced_step = models.IntegerField(null=True)
    announced_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    called_off_at = models.DateTimeField(null=True)
    called_off_by = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "grant_no"], name="landing_once")]


class Letter(models.Model):
    """The outbox: one reminder to one receiver by mail or webhook. Unique, so that each is told once, whoever works.

    `topic` and `mark`: which telling of what (`core.reminders`); `receiver`: "person:4", "person:4/second", "webhook:2".
    `claimed_until`: a worker is at it. `over`: it will not be sent, and why ("past": something else is to tell now;
    "refused": the receiver does not take it). What it says is written when it is sent, from the facts of that moment.
    """

    topic = models.TextField()
    mark = models.TextField()
    channel = models.TextField()
    receiver = models.TextField()
    code = models.TextField()
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    attempt = models.IntegerField(default=0)
    error = models.TextField(default="", blank=True)
    sent_at = models.DateTimeField(null=True)
    over = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["topic", "mark", "channel", "receiver"], name="letter_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(sent_at__isnull=True, over=""), name="letter_waiting"),
            models.Index(fields=["-made_at", "-id"], name="letter_newest"),
        ]


class Care(models.Model):
    """Somebody takes care of what a reminder is about. `again_at` None: it was done elsewhere, do not remind."""

    topic = models.TextField(unique=True)
    by = models.TextField()
    at = models.DateTimeField()
    again_at = models.DateTimeField(null=True)


class Webhook(models.Model):
    """An address that is told what people are told. What signs the calls is in the vault. `language`: of its sentence."""

    name = models.TextField(unique=True)
    url = models.TextField()
    language = models.TextField()
    created_at = models.DateTimeField()


class CatchUp(models.Model):
    """The proof after a stop: which orders had been missed, and that none is missing now."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="catch_ups")
    since = models.DateTimeField()
    until = models.DateTimeField()
    missing_before = models.IntegerField()
    missing_now = models.IntegerField()
    offers_marked = models.IntegerField()
    done_at = models.DateTimeField()


class OrderProof(models.Model):
    """The orders placed within a time, counted by the marketplace's second source and held against our book.

    `orders`: how many that source has. `missing`: the ids that our book had not, `still_missing`: those it has not yet.
    `worth`: id -> what the order may be worth by that source, where our amount is another. `absent`: orders of our book that
    are not in the source, `unread`: lines of it without a readable id; with any of both the count is not whole. `tries`:
    counts in a row that were not.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="order_proofs")
    since = models.DateTimeField()
    until = models.DateTimeField()
    orders = models.IntegerField()
    missing = models.JSONField(default=list)
    still_missing = models.JSONField(default=list)
    worth = models.JSONField(default=dict)
    absent = models.IntegerField(default=0)
    unread = models.IntegerField(default=0)
    tries = models.IntegerField(default=0)
    done_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["account", "-id"], name="proof_newest")]

    @property
    def whole(self) -> bool:
        """Nothing says that the count lacks an order itself."""
        return self.absent == 0 and self.unread == 0


class Happened(models.Model):
    """How often something happened to an account within an hour, by direction (see store/rhythms.py): its usual rhythm."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    direction = models.TextField()
    hour = models.DateTimeField()
    count = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "direction", "hour"], name="happened_once")]


class Journal(models.Model):
    """The append-only record of decisions: code and placeholders, no buyers' data, one correlation a chain."""

    at = models.DateTimeField()
    correlation = models.TextField(db_index=True)
    account = models.ForeignKey(Account, models.SET_NULL, null=True)
    subject = models.TextField(default="", blank=True)
    code = models.TextField()
    placeholders = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="journal_newest"),
            models.Index(fields=["subject", "-id"], name="journal_subject"),
        ]


class Run(models.Model):
    """The timetable: when a flow of one subject ("account:1", "shop:2") is due, and how it last went.

    `succeeded_at` is stamped after the work, so age is measured from success. `attempt`: tries in a row in vain.
    `places`: how far an unfinished reading of many pages got, by the reading's name.
    """

    flow = models.TextField()
    subject = models.TextField()
    due_at = models.DateTimeField(db_index=True)
    attempt = models.IntegerField(default=0)
    succeeded_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.TextField(default="", blank=True)
    stopped = models.BooleanField(default=False)
    places = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "subject"], name="run_once")]


class Instance(models.Model):
    """Settings of this installation, one row: languages, public address, the first owner's link.

    `people_confirmed_at`: when an owner last said who still needs access; None before there was anybody.
    `letters_name`: random, in the identity of each reminder, so that those of two installations are never taken for one.
    `rates_url`: where exchange rates are fetched, "" nowhere.
    """

    public_url = models.TextField(default="", blank=True)
    first_link_hash = models.TextField(default="", blank=True)
    worker_seen_at = models.DateTimeField(null=True)
    people_confirmed_at = models.DateTimeField(null=True)
    letters_name = models.TextField(default="", db_default="", blank=True)
    rates_url = models.TextField(default="", db_default="", blank=True)
