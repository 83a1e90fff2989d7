"""Pages of those who arrange a ceremony, of the sites, of the press, and the hall of honour for everybody."""
