"""What stands against the programme: rules with levels, findings that explain themselves, and who overrode them."""
