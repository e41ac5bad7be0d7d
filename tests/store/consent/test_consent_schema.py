"""What the schema itself forbids of consents and templates, whoever writes (R20, R24)."""

import sqlite3

import pytest

REVIVE = """DELETE FROM templates; UPDATE consents SET state = 'expired', ended_at = 1;
    UPDATE consents SET state = 'given', ended_at = NULL"""
INSERT = "INSERT INTO templates VALUES (?, ?, 'm', 1, x'00', x'00', ?, 24321, 0)"


def refused(connection, sql, *values):
    with pytest.raises(sqlite3.IntegrityError) as refusal:
        connection.execute(sql, values)
    return str(refusal.value)


@pytest.mark.parametrize("state", ["withdrawn", "expired", "invalidated"])
def test_the_schema_refuses_a_template_for_an_ended_consent(store, resident, enrol, intruder, noon, state):
    consent, _ = enrol(resident)
    with intruder() as connection:
        connection.execute("DELETE FROM templates")
        connection.execute("UPDATE consents SET state = ?, ended_at = 1", (state,))
        assert "needs the consent" in refused(connection, INSERT, "t", consent, int(noon.timestamp()))


def test_the_schema_refuses_a_template_without_a_consent(store, intruder, noon):
    with intruder() as connection:
        assert "needs the consent" in refused(connection, INSERT, "t", "nowhere", int(noon.timestamp()))


@pytest.mark.parametrize("offset", [-1, 1, 400 * 86400])
def test_the_schema_refuses_a_template_at_another_time_than_the_consent(
    store, resident, enrol, intruder, noon, offset
):
    consent, _ = enrol(resident)
    with intruder() as connection:
        assert "needs the consent" in refused(
            connection, INSERT, "t", consent, int(noon.timestamp()) + offset
        )
        connection.execute(INSERT, ("t", consent, int(noon.timestamp())))


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE consents SET state = 'withdrawn', ended_at = 1", "ends without templates"),
        ("UPDATE consents SET expires_at = expires_at + 1", "keeps the terms"),
        ("UPDATE templates SET consent_id = 'other'", "never moves"),
        ("DELETE FROM consents", "FOREIGN KEY"),
        (REVIVE, "never comes back"),
    ],
)
def test_the_schema_keeps_consents_and_templates_together(store, resident, enrol, intruder, sql, why):
    enrol(resident)
    *before, last = sql.split(";")
    with intruder() as connection:
        for statement in before:
            connection.execute(statement)
        assert why in refused(connection, last)
