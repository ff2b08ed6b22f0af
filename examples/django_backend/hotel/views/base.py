"""What all views of staff have in common."""

from rest_framework.response import Response
from rest_framework.views import APIView

from hotel.access import IsAuthenticatedStaff, MayAct, WorksInHotel
from hotel.serializers import shown


class StaffView(APIView):
    """Asks in this order: who are you, do you work here, may you do this. Then `self.hotel` is the hotel of the path."""

    permission_classes = [IsAuthenticatedStaff, WorksInHotel, MayAct]
    actions: dict[str, tuple[str, ...]] = {}
    """Method -> the actions of which the caller needs one."""
    note_required = False

    def form(self, form_class, data=None):
        """The request's body (or query) as the form has it; a ValidationError otherwise."""
        form = form_class(data=self.request.data if data is None else data.dict())
        form.is_valid(raise_exception=True)
        return form.validated_data


def page(request, form, rows, serializer, **beside):
    """A page of a queryset. A page after the last one is empty."""
    number, size = form["page"], form["page_size"]
    count, start = rows.count(), (number - 1) * size

    def url(wanted):
        query = request.query_params.copy()
        query["page"] = wanted
        return request.build_absolute_uri(f"?{query.urlencode()}")

    return Response(
        {
            "count": count,
            "next": url(number + 1) if start + size < count else None,
            "previous": url(number - 1) if number > 1 else None,
            "results": [shown(serializer, row) for row in rows[start : start + size]],
            **beside,
        }
    )
