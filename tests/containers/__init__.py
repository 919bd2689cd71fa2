"""The image and docker-compose.yml in a real container engine (`manage.py test --containers`)."""
