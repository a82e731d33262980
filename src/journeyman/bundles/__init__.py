"""Sessions that are carried away: archives that anybody can check, without the secrets in them, and forms that others read."""
