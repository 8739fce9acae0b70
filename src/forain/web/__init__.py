"""Pages: log in, connect, see, decide. Words live here and in the adapters' locale folders."""
