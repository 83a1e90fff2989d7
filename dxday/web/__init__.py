"""What the features need of Flask: access, refusals, filters, pages."""
