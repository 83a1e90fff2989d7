"""Changes of plan: postponing and cancelling as one act, and telling everybody whom a change concerns once."""
