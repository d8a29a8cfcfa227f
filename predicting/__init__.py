"""Predicting through the services: what the gateway and the command line share."""
