"""Every key of the terminal client, in one place. Each has an id, under which a keymap may change it.

The keys are those of ordinary programs. What a widget of Textual's brings itself (the arrows of a tree, the
editing keys of a text) stays as it is.
"""

from __future__ import annotations

from textual.binding import Binding, BindingType

APP_KEYS: list[BindingType] = [
    Binding("ctrl+q", "quit", "Quit", id="app.quit", priority=True),
    Binding("f1", "toggle_help", "Help", id="app.help", priority=True),
    Binding("question_mark", "toggle_help", "Help", id="app.help-mark", show=False),
]

CHAT_KEYS: list[BindingType] = [
    Binding("f2", "toggle_request", "Request", id="chat.request", priority=True),
    Binding("ctrl+k", "switch_room", "Go to room", id="chat.switch-room", priority=True),
    Binding("ctrl+o", "send_file", "Send a file", id="chat.send-file", show=False, priority=True),
    Binding("ctrl+s", "save_file", "Save the file", id="chat.save-file", show=False, priority=True),
    Binding("tab", "app.focus_next", "Next part", id="chat.next", priority=True),
    Binding("shift+tab", "app.focus_previous", "Previous part", id="chat.previous", show=False),
]

COMPOSER_KEYS: list[BindingType] = [
    # Without priority: the composer looks for this key itself, as a text area takes Enter for a new line.
    Binding("enter", "send", "Send", id="composer.send"),
    Binding("ctrl+j,shift+enter", "new_line", "New line", id="composer.new-line", key_display="^j"),
]

TIMELINE_KEYS: list[BindingType] = [
    Binding("up", "select_previous", "Message above", id="timeline.previous", show=False),
    Binding("down", "select_next", "Message below", id="timeline.next", show=False),
    Binding("pageup", "page(-1)", "Page up", id="timeline.page-up", show=False),
    Binding("pagedown", "page(1)", "Page down", id="timeline.page-down", show=False),
    Binding("home", "oldest", "Oldest", id="timeline.oldest", show=False),
    Binding("end", "newest", "Newest", id="timeline.newest", show=False),
    Binding("enter", "activate", "Open", id="timeline.activate", show=False),
    Binding("delete", "take_back", "Take back", id="timeline.take-back", show=False),
]

DIALOG_KEYS: list[BindingType] = [
    Binding("escape", "cancel", "Close", id="dialog.cancel"),
]

PATH_KEYS: list[BindingType] = [
    Binding("tab", "complete", "Complete", id="path.complete", priority=True),
]

SWITCHER_KEYS: list[BindingType] = [
    *DIALOG_KEYS,
    Binding("down", "move(1)", "Next room", id="switcher.next", show=False, priority=True),
    Binding("up", "move(-1)", "Previous room", id="switcher.previous", show=False, priority=True),
]
