"""Odd data files of users, made by chance, and what training makes of them."""
