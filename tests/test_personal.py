"""What tells who somebody is, and what only looks as if it did."""

import polars as pl
import pytest

from pipelines.personal import (
    PERSONAL_QUESTION,
    PERSONAL_SIGNS,
    PERSONAL_VALUE,
    SEALED_VALUE,
    is_personal_name,
)

PERSONAL_NAMES = """
Contact Name, Customer Name, User name, username, FirstName, firstname, Full_Name__c, Owner.Name
E-mail, Second Email, Email ID, contactemail, emailaddress, Mail, Emails
Phone 2, Phone2, MobilePhone, workphone, Telephone No., Mobile Number, Caller phone number
Tel., Fax
Postal Code, Zip, ZIP/Postal, Address1, Billing Address Line 1, Mailing Street, billingaddress
IP, IPAddress, ip_address, Birth Date, Place of Birth, passport, SSN
Vorname, Nachname, Kundenname, Name des Kunden, Ansprechpartner, Telefon, Tel. Nr., Handynummer
Mobil, Faxnummer, E-Mail-Adresse, Straße, Strasse und Hausnummer, PLZ, Ort und PLZ, Geburtsdatum
Adresse, Rechnungsadresse, Lieferanschrift, IP-Adresse
Nom, Prénom, Nom de famille, Nom du client, Téléphone, Numéro de portable, Courriel, Adresse e-mail
Rue, Code postal, Date de naissance
Nombre, Apellido, Apellidos, Nombre del cliente, Nombre y apellidos, Teléfono, Nº de teléfono, Móvil
Celular, Correo electrónico, Dirección, Calle, Código postal, Fecha de nacimiento
"""
OTHER_NAMES = """
Product Name, Account Name, Campaign Name, Company Name, File Name, Event Name, Team Name
Brand name
Order Number, Case Number, Invoice number, Contact ID, CustomerId, Customer Since, Customer Segment
Created At, Updated on, Timestamp, Email Sent At, Email Count, Has Phone, Post code count
Smartphone model, Headphones, Mobile App Version, Zipper, Nomination, Telemetry, Telco
Shipping Method
Ship Date, VIP, Direction, Loyalty Tier, Region, Country, City, Segment, Plan, Status, Tags
Domain name
Produktname, Firmenname, Kampagnenname, Kundennummer, Auftragsnummer, Rufbereitschaft, Richtung
Nom du produit, Nom de la campagne, Numéro de commande
Nombre del producto, Nombre de productos, Número de pedido
"""


def listed(text: str) -> list[str]:
    return [name.strip() for line in text.split("\n") for name in line.split(",") if name.strip()]


@pytest.mark.parametrize("name", listed(PERSONAL_NAMES))
def test_a_label_that_asks_who_somebody_is_is_personal(name: str) -> None:
    assert is_personal_name(name)
    assert is_personal_name(name.upper())


@pytest.mark.parametrize("name", listed(OTHER_NAMES))
def test_names_of_things_numbers_and_times_are_not_personal(name: str) -> None:
    assert not is_personal_name(name)


@pytest.mark.parametrize(
    "question",
    [
        "Your name?",
        "Ihr Name",
        "Vorname",
        "Nachname",
        "Quel est votre nom ?",
        "Prénom",
        "Apellidos",
    ],
)
def test_a_question_after_somebodys_name_is_personal(question: str) -> None:
    assert PERSONAL_QUESTION.search(question)


@pytest.mark.parametrize(
    "question",
    [
        "How was our e-mail?",
        "Wie war unser Telefondienst?",
        "Welcher Name passt zu uns?",
        "Quel nom de produit préférez-vous ?",
        "¿Qué nombre de producto prefiere?",
    ],
)
def test_a_question_after_what_somebody_thinks_is_not_personal(question: str) -> None:
    assert not PERSONAL_QUESTION.search(question)


@pytest.mark.parametrize(
    ("text", "sealed"),
    [
        ("tel:+49 30 1234567", "tel:[sealed]"),
        ("call (+49 30 1234567).", "call ([sealed])."),
        ("(212) 555-0147", "[sealed]"),
        ("+1-212-555-0147 +1-212-555-0148", "[sealed] [sealed]"),
        ("Fon:0049 151 2345678", "Fon:[sealed]"),
        ("+49\u00a030\u00a01234567", "[sealed]"),
        ("o'neil@x.com", "[sealed]"),
        ("Ask o’neil@x.com!", "Ask [sealed]!"),
        ("jörg.müller@müller.de;x@y.zz", "[sealed];[sealed]"),
        ("<a.b+c@x.co.uk>, john%40x.com", "<[sealed]>, [sealed]"),
        ("https://a.b/?email=o@x.com&x=1", "https://a.b/?email=[sealed]&x=1"),
    ],
)
def test_all_of_an_address_or_a_number_is_sealed_and_nothing_else(text: str, sealed: str) -> None:
    texts = pl.Series([text])
    assert texts.str.replace_all(PERSONAL_VALUE, SEALED_VALUE).to_list() == [sealed]
    assert texts.str.contains_any(list(PERSONAL_SIGNS)).all()


@pytest.mark.parametrize(
    "text",
    [
        "2025-03-02T23:59:59+02:00",
        "2025-03-02 23:59:59.123456+00",
        "2025-01-01 00:00:00",
        "00001042",
        "CS-2025-000123",
        "5123456789012",
        "#1001 (2 of 3)",
        "(2025) 1234-5678",
        "10 + 5 = 15",
        "+5 points",
        "@team",
        "duckdb@1.5.5",
        "all customers since 2020-2021 (2000+)",
    ],
)
def test_times_ids_and_sums_are_not_sealed(text: str) -> None:
    assert not pl.Series([text]).str.contains(PERSONAL_VALUE).any()
