"""The imperative shell: one file per sentence a merchant would say. Read, ask core, write intents, call out."""
