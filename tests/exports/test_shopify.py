"""Shopify's customers: counts by hand."""

from tests.conftest import SAMPLES, TestWarehouse

CUSTOMERS = SAMPLES / "shopify" / "customers_export.csv"


def test_each_customer_lands_by_number_and_pseudonym(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text("[shopify]\nbad_row_limit = 0.2\n")
    warehouse.deliver("shopify", "customers_export.csv", CUSTOMERS)
    account = warehouse.land("shopify/customers")
    assert account is not None
    assert (account.read, account.accepted, account.rejected, account.duplicates) == (5, 3, 1, 1)
    assert account.unknown_columns == ()
    assert warehouse.reasons("shopify/customers") == [(6, "customer_id", "wrong_form")]
    customers = warehouse.rows("shopify/customers")
    # The apostrophe keeps spreadsheets from taking a number for one.
    assert customers["customer_id"].to_list() == [
        "7512345678901",
        "7512345678902",
        "7512345678903",
    ]
    assert customers["country"].to_list() == ["CO", "CO", None]
    assert customers["email_pseudonym"].null_count() == 1
    lake = b"".join(path.read_bytes() for path in warehouse.home.lake.rglob("*.parquet"))
    for name in (b"Okafor", b"Main St", b"Rings twice", b"example.com", b"5550101"):
        assert name not in lake


def test_a_customers_address_is_the_same_pseudonym_as_an_orders(warehouse: TestWarehouse) -> None:
    (warehouse.home.path / "sources.toml").write_text("[shopify]\nbad_row_limit = 0.2\n")
    orders = "orders_export_1.csv"
    warehouse.deliver("shopify", "customers_export.csv", CUSTOMERS)
    warehouse.deliver("shopify", orders, SAMPLES / "shopify" / orders)
    warehouse.land("shopify/customers")
    warehouse.land("shopify/orders")
    customers = warehouse.rows("shopify/customers")
    lines = warehouse.rows("shopify/orders")
    sofia = lines.filter(name="#1003")["email_pseudonym"][0]
    assert customers.filter(email_pseudonym=sofia)["customer_id"].to_list() == ["7512345678902"]


def test_an_older_export_names_the_country_otherwise(warehouse: TestWarehouse) -> None:
    text = CUSTOMERS.read_text().replace("gid-4", "'7512345678904")
    text = text.replace("Default Address Country Code", "Country Code")
    warehouse.deliver("shopify", "customers_export_1.csv", text)
    account = warehouse.land("shopify/customers")
    assert account is not None
    assert (account.accepted, account.unknown_columns) == (4, ())
    assert warehouse.rows("shopify/customers")["country"].to_list() == ["CO", "CO", None, None]
