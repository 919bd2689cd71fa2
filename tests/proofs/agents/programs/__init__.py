"""What runs inside the servers' own environments: small agents on other people's frameworks."""
