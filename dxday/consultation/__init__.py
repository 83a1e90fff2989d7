"""Public comment: the list of a scheme's nominations is published, and what people write is answered."""
