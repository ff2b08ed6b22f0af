"""Every path of the API. Rooms are named by the number on the door, bookings by their reference."""

from django.urls import include, path

from hotel.views import access, bookings, guests, housekeeping, rooms

_booking = [
    path("", bookings.BookingDetail.as_view()),
    path("room-offers/", bookings.RoomOffers.as_view()),
    path("room-assignments/", bookings.RoomAssignments.as_view()),
    path("room-releases/", bookings.RoomReleases.as_view()),
    path("room-moves/", bookings.RoomMoves.as_view()),
    path("check-ins/", bookings.CheckIns.as_view()),
    path("check-outs/", bookings.CheckOuts.as_view()),
]
_room = [
    path("", rooms.RoomDetail.as_view()),
    path("status-changes/", housekeeping.StatusChanges.as_view()),
    path("status-overrides/", housekeeping.StatusOverrides.as_view()),
    path("cleanings/", housekeeping.Cleanings.as_view()),
    path("cleanings/completions/", housekeeping.CleaningCompletions.as_view()),
    path("inspections/", housekeeping.Inspections.as_view()),
    path("maintenance-requests/", housekeeping.MaintenanceRequests.as_view()),
    path("maintenance-requests/completions/", housekeeping.MaintenanceCompletions.as_view()),
]
_hotel = [
    path("bookings/", bookings.Bookings.as_view()),
    path("bookings/<str:reference>/", include(_booking)),
    path("rooms/", rooms.Rooms.as_view()),
    path("rooms/<int:number>/", include(_room)),
    path("boards/rooms/", rooms.Board.as_view()),
    path("boards/housekeeping/", housekeeping.Dashboard.as_view()),
]
urlpatterns = [
    path("api/v2/sessions/", access.Sessions.as_view()),
    path("api/v2/hotels/<str:hotel_slug>/", include(_hotel)),
    path(
        "api/v2/guests/hotels/<str:hotel_slug>/bookings/<str:reference>/", guests.GuestBookingView.as_view()
    ),
    path("api/v2/guests/contexts/", guests.GuestContext.as_view()),
    path("api/v2/channel-authorizations/", access.ChannelAuthorizations.as_view()),
]
handler404 = "hotel.errors.not_found"
handler500 = "hotel.errors.server_error"
