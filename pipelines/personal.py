"""What tells who somebody is: labels of columns, questions, and texts in their values.

Belongs here: the words and forms by which landing seals and the audit searches, in English, German,
French and Spanish. Does not belong here: what becomes of a find (`landing.py`, `audit.py`), how a
declared identifier is sealed (`pseudonyms.py`).
"""

import re
import unicodedata

_WHOSE = (
    "(?:(?:home|work|office|business|company|private|personal|primary|secondary|alternate|other|"
    "contact|customer|client|user|person|recipient|sender|billing|shipping|delivery|mailing|"
    "privat|firmen|kontakt|kunden|rechnungs|liefer|wohn|post)_?)?"
)
_PERSON = (
    "contact|customer|client|person|respondent|recipient|requester|submitter|sender|caller|guest|"
    "patient|member|subscriber|buyer|participant|attendee|visitor|employee|agent|owner|user|"
    "billing|shipping|cardholder"
)
_PERSON_ELSEWHERE = (
    "kunden?|kontakts?|kontaktperson|ansprechpartners?|benutzers?|nutzers?|mitarbeiters?|"
    "teilnehmers?|empf(?:a|ae)ngers?|client|contact|utilisateur|destinataire|salarie|participant|"
    "cliente|contacto|usuario|destinatario|empleado|participante"
)

PERSONAL_FIELDS = "|".join(
    (
        # addresses of any kind
        f"{_WHOSE}(?:e_?mail|mail|phone|telephone|cell_?phone|mobile_?phone|street)s?",
        f"{_WHOSE}(?:e_?)?mail_?(?:id|address(?:es)?|adressen?)|courriels?|correos?",
        f"{_WHOSE}(?:address(?:es)?|adressen?|anschrift|direccion)|ip|ip_?addr(?:ess)?",
        f"{_WHOSE}phone_?(?:number|no|nr)|tel|fax(?:_?(?:number|no|nr|nummer))?|telefax",
        "(?:mobile|cell)_?(?:number|no)|telefon(?:_?(?:nummer|nr))?",
        "(?:mobil|handy)_?(?:telefon|nummer|nr)",
        "rufnummer|festnetz|telefonos?|celular|numero_(?:de_)?(?:tel|portable|mobile|movil|celular)",
        "str(?:asse|aße)n?|haus_?(?:nummer|nr)|rue|calle",
        "post_?code|postal_?code|zip|zip_?code|plz|postleitzahl|code_?postal|codigo_?postal",
        "latitude|longitude",
        # names of people, not those of things
        f"(?:first|last|full|given|family|middle|maiden|{_PERSON})_?name|surname|fore_?name",
        "(?:vor|nach|zu|ruf|familien|geburts|kunden|kontakt|benutzer|mitarbeiter|teilnehmer)_?name",
        "ansprechpartner(?:in)?|prenoms?|nom_(?:de_)?(?:famille|naissance|usage)|nom_complet",
        "apellidos?|nombre_(?:completo|de_pila|y_apellidos?)",
        "(?:name|nom|nombre)_(?:of_|des?_|der_|du_|del_|de_la_|de_l_)?(?:the_)?"
        f"(?:{_PERSON}|{_PERSON_ELSEWHERE})",
        # birth, papers and cards
        "birth|birth_?(?:date|day|place|year)|date_of_birth|dob|geburts_?(?:datum|tag|ort|jahr)",
        "naissance|nacimiento|cumpleanos",
        "iban|ssn|passport|reisepass|passeport|pasaporte|dni",
        "card_?number|credit_?card|kreditkarten?(?:_?nummer)?|carte_bancaire|tarjeta_de_credito",
    )
)
"""Alternatives of a regular expression: words of names in snake case, without accents."""

_PERSONAL_NAME = re.compile(
    rf"(?:^|_)(?:{PERSONAL_FIELDS})[0-9]*(?:_|$)|^(?:mobile?|handy|movil|portable|nom|nombre)$"
)
_ABOUT_IT_ONLY = re.compile(
    r"^(?:is|has)_|(?:^|_)(?:key|pseudonym|count|rate|share|minutes|hours|days|at|on)$"
)
"""`email_key` is a pseudonym, `comment_count` a number, `has_phone` a yes or no."""
_PERSONAL_PART = re.compile(r"\.(?:name|alias|username)$", re.IGNORECASE)
"""Fields of another record that a record refers to: `Owner.Name`."""

PERSONAL_QUESTION = re.compile(
    r"^name$|\b(first|last|full|family|middle|your).?name\b|surname|phone number|mobile number|"
    r"^street|(postal|your|street) address|date of birth|birthday|passport|\biban\b|ip address|"
    r"\b(vor|nach|familien)name\b|\bihr (voller )?name\b|(telefon|handy|mobil)nummer|"
    r"\b(ihre|post).?(adresse|anschrift)\b|geburts(datum|tag)|"
    r"^nom$|pr[ée]nom\b|\bvotre nom\b|nom de famille|num[ée]ro de (t[ée]l[ée]phone|portable)|"
    r"(votre adresse|adresse) postale|date de naissance|"
    r"^nombre$|\bsu nombre\b|nombre completo|\bapellidos?\b|n[úu]mero de (tel[ée]fono|m[óo]vil)|"
    r"direcci[óo]n postal|fecha de nacimiento",
    re.IGNORECASE,
)
"""Labels of questions that ask who somebody is, not of those that ask how an e-mail was."""

# The values' patterns are read by polars and by DuckDB alike, which look neither ahead nor behind:
# a sign that must stand before what is found is a group of its own, and stays where that is sealed.

# Written as what a label of a domain must not hold: RE2 takes 10 ms to compile \pL.
EMAIL = (
    r"""[^\s@"<>(),;:/?=]*[^\s@"'<>(),;:](?:@|%40)(?:[^\s!-,./:-@\[-`{-~]+\.)+"""
    r"""[^\s!-@\[-`{-~][^\s!-,./:-@\[-`{-~]+"""
)
# With +, with 00 and grouped, or with the area code in brackets. Other national numbers can't be
# told from ids and case numbers; there the contracts have to do it, and the column's name.
PHONES = (
    r"(^|[^0-9A-Za-z+])(\+ ?\(?[1-9](?:[ ()/.\x{a0}-]{0,3}[0-9]){7,})",
    r"(^|[^0-9A-Za-z.,+-])(00[1-9][0-9]{0,2}(?:[ /()-]{1,3}[0-9]{2,}){2,})",
    r"(^|[^0-9A-Za-z])(\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[-. ][0-9]{4}\b)",
)
PERSONAL_VALUE = "|".join((EMAIL, *PHONES))
SEALED_VALUE = "${1}${3}${5}[sealed]"
"""What takes the place of a find of `PERSONAL_VALUE`, behind the sign before it."""
PERSONAL_SIGNS = ("@", "%40", "+", "00", "(")
"""One of these is in each text that `PERSONAL_VALUE` finds."""


def in_snake_case(name: str) -> str:
    """A name as `PERSONAL_FIELDS` has it: RecipientEmail and 'recipient e-mail' are alike.

    >>> in_snake_case("Téléphone (Büro)"), in_snake_case("IPAddress")
    ('telephone_buro', 'ipaddress')
    """
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    letters = unicodedata.normalize("NFKD", words.casefold())
    plain = "".join(each for each in letters if not unicodedata.combining(each))
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def is_personal_name(name: str) -> bool:
    """Whether what a column or field is called says that it tells who somebody is."""
    words = in_snake_case(name)
    if _PERSONAL_PART.search(name):
        return True
    return bool(_PERSONAL_NAME.search(words)) and not _ABOUT_IT_ONLY.search(words)
