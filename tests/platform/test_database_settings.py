"""DATABASE_URL as Django gets it."""

from forain.config.database import database_settings


def test_a_server_that_vanished_is_noticed_unless_the_address_says_otherwise():
    plain = database_settings("postgresql://u:p@db.example/forain")["OPTIONS"]
    own = database_settings("postgresql://u:p@db.example/forain?connect_timeout=3&sslmode=require")["OPTIONS"]

    assert (plain["connect_timeout"], plain["keepalives_idle"], plain["tcp_user_timeout"]) == ("10", "30", "60000")
    assert (own["connect_timeout"], own["sslmode"], own["keepalives_idle"]) == ("3", "require", "30")
