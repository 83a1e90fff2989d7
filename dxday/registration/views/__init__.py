"""Pages of registration: of visitors and holders, and of staff."""
