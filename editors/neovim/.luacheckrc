std = "luajit"
globals = { "vim" }
max_line_length = 120
max_code_line_length = 120
