"""Turns results, findings and accounts into text. Everything from a log is hostile here."""
