"""Claims that can be checked: each module measures one, against its bar."""
