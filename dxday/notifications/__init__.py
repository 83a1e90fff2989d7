"""Messages: wording, outbox and sending."""
