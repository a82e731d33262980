"""Strangers' policies in a process of their own, which is sent what the roles see and sends back actions."""
