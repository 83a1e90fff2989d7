"""Pages of the messages: the ledger, the mailbox, the wording, who wants no mail."""
