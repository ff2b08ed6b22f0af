"""What was arranged for which run, so that it can be taken away again."""

from django.db import models


class Arranged(models.Model):
    run = models.CharField(max_length=32, db_index=True)
    model = models.CharField(max_length=20)
    row_id = models.BigIntegerField()
