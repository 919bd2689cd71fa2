"""Tests of the files that deploy the service; no container engine is needed."""
