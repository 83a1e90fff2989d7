"""Plain Python that knows neither the web nor the database."""
