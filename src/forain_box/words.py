"""What the box's pages say, in English, French and German."""

from forain_box.http import Request

LANGUAGES = ("en", "fr", "de")
_TABLE = """
simulation | This is a simulation, not Amazon. | Ceci est une simulation, pas Amazon. | Dies ist eine Simulation, nicht Amazon.
sign_in | Who are you? | Qui êtes-vous ? | Wer sind Sie?
continue | Continue | Continuer | Weiter
authorize | Authorize {app} | Autoriser {app} | {app} autorisieren
review | {app} asks for access to the selling data of {seller} for {days} days. | {app} demande l'accès aux données de vente de {seller} pour {days} jours. | {app} bittet für {days} Tage um Zugriff auf die Verkaufsdaten von {seller}.
review_endless | {app} asks for access to the selling data of {seller}. | {app} demande l'accès aux données de vente de {seller}. | {app} bittet um Zugriff auf die Verkaufsdaten von {seller}.
account | Account | Compte | Konto
as | Signed in as | Connecté en tant que | Angemeldet als
primary_user | primary user | utilisateur principal | Hauptnutzer
secondary_user | another user | autre utilisateur | anderer Nutzer
switcher | Marketplace | Place de marché | Marktplatz
switch | Switch | Changer | Wechseln
settings | Settings | Paramètres | Einstellungen
user_permissions | User Permissions | Permissions utilisateur | Benutzerberechtigungen
third_party | Third-party developers and apps | Développeurs et applications tiers | Entwickler und Anwendungen von Drittanbietern
third_party_text | Developers and applications that may act for your account. | Développeurs et applications qui peuvent agir pour votre compte. | Entwickler und Anwendungen, die für Ihr Konto handeln dürfen.
visit_manage | Visit Manage Your Apps | Consulter Gérer vos applications | Anwendungen verwalten
developers | Developers (MWS) | Développeurs (MWS) | Entwickler (MWS)
no_developer | No developer is authorized. | Aucun développeur n'est autorisé. | Kein Entwickler ist autorisiert.
new_developer | Authorize new developer | Autoriser un nouveau développeur | Neuen Entwickler autorisieren
developer | Developer | Développeur | Entwickler
developer_number | Developer account number | Numéro de compte du développeur | Entwicklerkontonummer
application_name | Application name | Nom de l'application | Name der Anwendung
application_name_us | Application name | Nom de la demande | Name der Anwendung
application_number | Application developer account number | Numéro de compte du développeur d'application | Kontonummer des Anwendungsentwicklers
next | Next | Suivant | Weiter
agreement | {app} may act for your account through Amazon MWS, for one year. | {app} pourra agir pour votre compte avec Amazon MWS, pendant un an. | {app} darf ein Jahr lang über Amazon MWS für Ihr Konto handeln.
agree | I agree | J'accepte | Ich stimme zu
granted_title | Developer authorized | Développeur autorisé | Entwickler autorisiert
copy_these | Copy these into your connector. | Copiez ces données dans votre connecteur. | Übertragen Sie diese Daten in Ihre Schnittstelle.
seller_id | Seller ID | Identifiant vendeur (Seller ID) | Händlernummer (Seller ID)
marketplace_id | Marketplace ID | Marketplace ID | Marketplace ID
mws_token | MWS token | MWS Token | MWS-Token
valid_one_year | Valid for one year. You are reminded weekly in the last month. | Valable un an. Un rappel vous est envoyé chaque semaine le dernier mois. | Ein Jahr gültig. Im letzten Monat werden Sie wöchentlich erinnert.
renew | Renew | Renouveler | Erneuern
delete | Delete | Supprimer | Löschen
enable | Enable authorization | Activer l'autorisation | Autorisierung aktivieren
ends_soon | The authorization of {app} ends on {date}. | L'autorisation de {app} expire le {date}. | Die Autorisierung von {app} endet am {date}.
welcome | Welcome, {name} | Bienvenue, {name} | Willkommen, {name}
mail | Mail | Messages | Nachrichten
inventory | Inventory | Stock | Lagerbestand
nothing | Nothing yet. | Rien pour l'instant. | Noch nichts.
SPDC8143 | SPDC8143: only the primary user of the account may authorize. | SPDC8143 : seul l'utilisateur principal du compte peut autoriser. | SPDC8143: Nur der Hauptnutzer des Kontos darf autorisieren.
CONSENT_LIMIT_REACHED | CONSENT_LIMIT_REACHED: the application has as many sellers as it may have. | CONSENT_LIMIT_REACHED : l'application a atteint son nombre maximal de vendeurs. | CONSENT_LIMIT_REACHED: Die Anwendung hat die höchste Zahl an Verkäufern erreicht.
roles | It may use | Elle pourra utiliser | Sie darf nutzen
confirm | Confirm | Confirmer | Bestätigen
cancel | Cancel | Annuler | Abbrechen
cancelled | Nothing was authorized. | Rien n'a été autorisé. | Es wurde nichts autorisiert.
manage | Manage your apps | Gérer vos applications | Apps verwalten
application | Application | Application | Anwendung
granted | Authorized | Autorisée le | Autorisiert
ends | Ends | Expire le | Endet
never | no end | sans fin | kein Ende
state_active | active | active | aktiv
state_expiring | expires soon, renew it | expire bientôt, renouvelez | läuft bald ab, bitte erneuern
state_dead | disabled or expired | désactivée ou expirée | deaktiviert oder abgelaufen
reauthorize | Re-authorize | Autoriser à nouveau | Erneut autorisieren
disable | Disable authorization | Désactiver l'autorisation | Autorisierung deaktivieren
none | No application is authorized. | Aucune application n'est autorisée. | Keine Anwendung ist autorisiert.
error | Something is wrong | Un problème est survenu | Etwas stimmt nicht
MD1000 | MD1000: this application is a draft; the address needs version=beta. | MD1000 : cette application est un brouillon ; l'adresse doit porter version=beta. | MD1000: Diese Anwendung ist ein Entwurf; die Adresse braucht version=beta.
MD5101 | MD5101: the redirect address is not registered for this application. | MD5101 : l'adresse de retour n'est pas enregistrée pour cette application. | MD5101: Die Rücksprungadresse ist für diese Anwendung nicht hinterlegt.
MD5110 | MD5110: the redirect address has a fragment. | MD5110 : l'adresse de retour contient un fragment. | MD5110: Die Rücksprungadresse enthält ein Fragment.
MD9100 | MD9100: the application has no login or redirect address. | MD9100 : l'application n'a ni adresse de connexion ni adresse de retour. | MD9100: Die Anwendung hat keine Login- oder Rücksprungadresse.
unknown_app | There is no such application. | Cette application n'existe pas. | Diese Anwendung gibt es nicht.
panel | Market in a box | Le marché en boîte | Markt in der Schachtel
tab_world | World | Monde | Welt
tab_listings | Listings | Offres | Angebote
tab_orders | Orders | Commandes | Bestellungen
tab_faults | Misfortunes | Incidents | Störungen
tab_requests | Requests | Requêtes | Anfragen
clock | Clock | Horloge | Uhr
advance | Move forward (days) | Avancer (jours) | Vorstellen (Tage)
an_hour | an hour | une heure | eine Stunde
a_day | a day | un jour | einen Tag
a_week | a week | une semaine | eine Woche
thirty_days | 30 days | 30 jours | 30 Tage
sellers | Sellers | Vendeurs | Verkäufer
applications | Applications | Applications | Anwendungen
kind | Kind | Type | Art
region | Region | Région | Region
authorizations | Authorizations | Autorisations | Autorisierungen
secret_ends | Secret ends | Fin du secret | Secret endet
feeds | Feeds | Flux | Feeds
reports | Reports | Rapports | Berichte
listings | Listings | Offres | Angebote
orders | Orders | Commandes | Bestellungen
requests | Last requests | Dernières requêtes | Letzte Anfragen
place_order | A buyer buys | Un client achète | Jemand kauft
expire | End it now | Faire expirer | Jetzt ablaufen lassen
revoke | Revoke | Révoquer | Widerrufen
rotate | Rotate secret | Renouveler le secret | Secret erneuern
deactivate | Deactivate | Désactiver | Deaktivieren
deactivated | deactivated | désactivé | deaktiviert
reactivate | Reactivate | Réactiver | Reaktivieren
suspend | Suspend listings | Suspendre les offres | Angebote aussetzen
resume | Resume listings | Réactiver les offres | Angebote fortsetzen
none_yet | none | aucune | keine
quantity | Quantity | Quantité | Menge
price | Price | Prix | Preis
state | State | État | Zustand
total | Total | Total | Summe
time | Time | Heure | Zeit
answer | Answer | Réponse | Antwort
cut | cut | coupée | abgebrochen
order_cancel | Cancel | Annuler | Stornieren
order_request-cancellation | Ask to cancel | Demander l'annulation | Stornierung erbitten
order_deliver | Deliver | Livrer | Zustellen
order_return | Return | Retourner | Zurücksenden
order_refund | Refund | Rembourser | Erstatten
misfortune | Misfortune | Incident | Störung
operation | Operation | Opération | Operation
probability | Probability (0 to 1) | Probabilité (0 à 1) | Wahrscheinlichkeit (0 bis 1)
times | How often | Combien de fois | Wie oft
break | Break it | Casser | Kaputt machen
mend | Mend everything | Tout réparer | Alles reparieren
standing | In force | En cours | In Kraft
storm | 403 for everyone | 403 pour tous | 403 für alle
throttle_all | 429 for everyone | 429 pour tous | 429 für alle
fault_status-500 | 500 with Amazon's body, nothing was done | 500 avec le corps d'Amazon, rien n'a été fait | 500 mit Amazons Text, nichts wurde getan
fault_html-503 | 503 as an HTML page, nothing was done | 503 en page HTML, rien n'a été fait | 503 als HTML-Seite, nichts wurde getan
fault_truncated | the answer's second half is missing | la seconde moitié de la réponse manque | die zweite Hälfte der Antwort fehlt
fault_wrong-content-type | the right answer, called text/plain | la bonne réponse, annoncée text/plain | die richtige Antwort, als text/plain bezeichnet
fault_slow | seconds pass before the answer | la réponse se fait attendre | die Antwort lässt auf sich warten
fault_hang | carried out, then silence and a cut | exécutée, puis silence et coupure | ausgeführt, dann Stille und Abbruch
fault_cut | cut, nothing was done | coupée, rien n'a été fait | abgebrochen, nichts wurde getan
fault_cut-after-write | carried out, the answer never comes | exécutée, la réponse ne vient jamais | ausgeführt, die Antwort kommt nie
fault_throttle | 429, nothing was done | 429, rien n'a été fait | 429, nichts wurde getan
fault_forbidden | 403 without a reason | 403 sans raison | 403 ohne Grund
fault_unknown-enum | words nobody has heard of | des mots que personne ne connaît | Wörter, die niemand kennt
fault_clock-skew | a clock that is ahead | une horloge en avance | eine Uhr, die vorgeht
fault_feed-stuck | a feed stays IN_PROGRESS | un flux reste IN_PROGRESS | ein Feed bleibt IN_PROGRESS
fault_feed-fatal | a feed ends FATAL | un flux finit FATAL | ein Feed endet FATAL
fault_report-stuck | a report stays IN_PROGRESS | un rapport reste IN_PROGRESS | ein Bericht bleibt IN_PROGRESS
fault_report-cancelled | a report ends CANCELLED | un rapport finit CANCELLED | ein Bericht endet CANCELLED
fault_report-fatal | a report ends FATAL | un rapport finit FATAL | ein Bericht endet FATAL
fault_listing-issue | an accepted write of a listing ends in an issue, and the offer is closed | une écriture acceptée d'une offre finit en erreur, et l'offre est fermée | ein angenommenes Schreiben eines Angebots endet in einem Problem, das Angebot ist geschlossen
fault_listing-reappears | a deleted listing is back for a quarter of an hour | une offre supprimée revient pour un quart d'heure | ein gelöschtes Angebot ist für eine Viertelstunde wieder da
fault_omit | a new order is in no list, its id finds it | une commande absente des listes, son numéro la trouve | eine Bestellung fehlt in Listen, ihre Nummer findet sie
fault_list-lag | lists show a change late | les listes montrent un changement en retard | Listen zeigen eine Änderung spät
fault_list-disorder | lists come in disorder | les listes arrivent en désordre | Listen kommen ungeordnet
fault_notification-lost | a notification is lost | une notification se perd | eine Benachrichtigung geht verloren
fault_notification-twice | a notification comes twice | une notification arrive deux fois | eine Benachrichtigung kommt zweimal
fault_notification-late | a notification comes late | une notification arrive en retard | eine Benachrichtigung kommt spät
"""
WORDS: dict[str, dict[str, str]] = {}
for _line in _TABLE.strip().splitlines():
    _key, *_texts = (part.strip() for part in _line.split("|"))
    WORDS[_key] = dict(zip(LANGUAGES, _texts, strict=True))


def language(request: Request) -> str:
    """?lang=, else the browser's first language we speak, else English."""
    told = request.query.get("lang", "") or request.headers.get("accept-language", "")
    for part in told.lower().replace(";", ",").split(","):
        if part.strip()[:2] in LANGUAGES:
            return part.strip()[:2]
    return "en"


def say(language_code: str, key: str, **values: str) -> str:
    return WORDS[key][language_code].format(**values)
