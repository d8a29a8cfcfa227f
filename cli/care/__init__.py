"""Commands of the people who look after an installation."""
