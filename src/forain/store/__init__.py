"""Facts at rest: PostgreSQL through Django. The only home of tables and transactions, one file per noun."""
