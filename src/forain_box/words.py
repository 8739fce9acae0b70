"""What the box's pages say, in English, French and German."""

from forain_box.http import Request

LANGUAGES = ("en", "fr", "de")
_TABLE = """
simulation | This is a simulation, not Amazon. | Ceci est une simulation, pas Amazon. | Dies ist eine Simulation, nicht Amazon.
sign_in | Who are you? | Qui êtes-vous ? | Wer sind Sie?
continue | Continue | Continuer | Weiter
authorize | Authorize {app} | Autoriser {app} | {app} autorisieren
review | {app} asks for access to the selling data of {seller} for 365 days. | {app} demande l'accès aux données de vente de {seller} pour 365 jours. | {app} bittet für 365 Tage um Zugriff auf die Verkaufsdaten von {seller}.
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
