"""The front door: TLS before the application, with a certificate for each name, and the zone of these names."""
