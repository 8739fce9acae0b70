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
clock | Clock | Horloge | Uhr
advance | Move forward (days) | Avancer (jours) | Vorstellen (Tage)
sellers | Sellers | Vendeurs | Verkäufer
listings | Listings | Offres | Angebote
orders | Orders | Commandes | Bestellungen
requests | Last requests | Dernières requêtes | Letzte Anfragen
place_order | A buyer buys | Un client achète | Jemand kauft
revoke | Revoke | Révoquer | Widerrufen
deactivate | Deactivate | Désactiver | Deaktivieren
reactivate | Reactivate | Réactiver | Reaktivieren
quantity | Quantity | Quantité | Menge
price | Price | Prix | Preis
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
