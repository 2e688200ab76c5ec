"""Run the operations manual of HASIVU: one playbook for each procedure, and a small driver around them."""

__version__ = "0.1.0"
