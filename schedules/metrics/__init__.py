"""Metrics in Prometheus's form, computed when they are asked for: any one web process tells the whole truth."""
