"""Pages of proposals: of those who look after a site, and of those who decide."""
