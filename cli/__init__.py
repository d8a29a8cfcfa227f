"""The command `routing-ml`: starts and stops the system, asks it for predictions, and looks after versions, accounts and data."""
