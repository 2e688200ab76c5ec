"""The auditors' site: what the project and its records say, as pages that open from a folder."""
