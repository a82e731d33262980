"""How people and programs use Journeyman: command line, pages, environments for trainers."""
