"""Expressions: tables of known answers, properties against an independent oracle, hostile texts."""
