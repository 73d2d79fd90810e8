"""The database connection of a thread, kept from request to request; where Django looks for it (`ENGINE`)."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Sees by the socket alone that the server has hung up: Django's own asks "SELECT 1" before each request."""

    def is_usable(self) -> bool:
        """Whether nothing has come unasked: a server that stops says so and closes, and an idle one is silent."""
        connection = self.connection
        if connection is None or connection.closed:
            return False
        socket = select.poll()
        socket.register(connection.fileno(), select.POLLIN)
        return not socket.poll(0)
