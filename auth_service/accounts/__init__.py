"""Accounts: passwords, logins, the throttle of failed ones, and the keys that sign sessions."""
