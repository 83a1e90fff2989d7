"""Pages on which award schemes are set up."""
