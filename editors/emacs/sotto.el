;;; sotto.el --- Ghost text and code actions from Sotto, in lsp-mode 10  -*- lexical-binding: t -*-

;;; Commentary:
;; (load "/path/to/sotto/editors/emacs/sotto.el")
;; (add-hook 'python-mode-hook #'lsp)
;;
;; Tab or C-RET takes the ghost text, M-f a word of it, M-e a line; C-n and C-p walk through several; any other key
;; goes on without it.  Tab jumps in a snippet and indents a line that is not indented far enough.

;;; Code:

(require 'lsp-mode)
(require 'lsp-inline-completion)

(defvar sotto-command '("sotto" "serve")
  "The server's command line.")

(defvar sotto-options nil
  "Settings of docs/settings.md, as a property list: (:maxTokens 48).")

(lsp-register-client
 (make-lsp-client :new-connection (lsp-stdio-connection (lambda () sotto-command))
                  :major-modes '(python-mode python-ts-mode)
                  :initialization-options (lambda () sotto-options)
                  :server-id 'sotto
                  :add-on? t)) ; beside the language's own server

;;; When to ask

;; lsp-mode waits 2 s, which suits a server far away.
(setq lsp-inline-completion-idle-delay 0.2)
(add-hook 'lsp-mode-hook #'lsp-inline-completion-mode)

(defvar-local sotto--seen 0
  "The buffer's tick after the last command.")

(defun sotto--ask-soon ()
  "Ask for the place where a command that changed the buffer leaves the cursor.
lsp-mode itself takes the cursor of the last change: after a bracket that `electric-pair-mode' adds."
  (unless (= sotto--seen (setq sotto--seen (buffer-chars-modified-tick)))
    (when lsp-inline-completion--idle-timer
      (cancel-timer lsp-inline-completion--idle-timer))
    (setq lsp-inline-completion--idle-timer
          (run-with-idle-timer lsp-inline-completion-idle-delay nil
                               #'lsp-inline-completion--maybe-display (current-buffer) (point)))))

(defun sotto--listen ()
  "Ask in place of lsp-mode while its mode is on."
  (remove-hook 'lsp-on-change-hook #'lsp-inline-completion--after-change t)
  (setq sotto--seen (buffer-chars-modified-tick))
  (if lsp-inline-completion-mode
      (add-hook 'post-command-hook #'sotto--ask-soon nil t)
    (remove-hook 'post-command-hook #'sotto--ask-soon t)))

(add-hook 'lsp-inline-completion-mode-hook #'sotto--listen)

;;; A menu of completions has the screen and the keys for itself.

(defun sotto--is-menu-open ()
  (or completion-in-region-mode (bound-and-true-p company-candidates)))

(defun sotto--hide (&rest _)
  (when (and (lsp-inline-completion--active-p) (sotto--is-menu-open))
    (lsp-inline-completion-cancel)))

(add-hook 'lsp-inline-completion-inhibit-predicates #'sotto--is-menu-open)
(add-hook 'completion-in-region-mode-hook #'sotto--hide)
(add-hook 'company-completion-started-hook #'sotto--hide)

;;; What is shown

(defun sotto--ghost ()
  "The ghost's text, and where the text that it replaces begins and ends."
  (-let* ((item (elt lsp-inline-completion--items lsp-inline-completion--current))
          ((&InlineCompletionItem :insert-text :range? (&RangeToPoint :start :end)) item)
          (place lsp-inline-completion--start-point))
    (list (if (lsp-markup-content? insert-text) (lsp:markup-content-value insert-text) insert-text)
          (or start place) (or end place))))

(defun sotto--draw ()
  "Draw the ghost after the cursor: at a line's end, lsp-mode moves the cursor to the left."
  (-let* (((text start end) (sotto--ghost))
          (overlay lsp-inline-completion--overlay)
          (blank (if (string-prefix-p "\n" text) " " "")) ; a line end has no cell for the cursor
          (ghost (propertize (concat blank text) 'face 'lsp-inline-completion-overlay-face)))
    (when (= start lsp-inline-completion--start-point)
      (put-text-property 0 1 'cursor 1 ghost)
      (move-overlay overlay start end)
      (overlay-put overlay 'display (and (< start end) ""))
      (overlay-put overlay 'after-string ghost)
      (goto-char start))))

(add-hook 'lsp-inline-completion-shown-hook #'sotto--draw)

;;; The keys

(defun sotto--num-open (rest closers)
  "How many of CLOSERS, the text that a ghost replaces, are closed by the REST of it."
  (let ((num 0) opened others)
    (dolist (char (append rest nil))
      (cond ((and opened (eq char (car opened))) (pop opened))
            ((eq (char-syntax char) ?\() (push (matching-paren char) opened))
            (t (push char others))))
    (dolist (char others num) ; the last one first
      (when (and (< num (length closers)) (eq char (elt (reverse closers) num)))
        (setq num (1+ num))))))

(defun sotto--accept (pattern)
  "Take what PATTERN matches of the ghost, and show the rest."
  (-let* (((text start end) (sotto--ghost))
          (piece (if (string-match pattern text) (match-string 0 text) text))
          (rest (string-remove-prefix piece text)))
    (if (string-empty-p rest)
        (lsp-inline-completion-accept)
      (lsp-inline-completion--clear-overlay)
      (goto-char start)
      (delete-region start (- end (sotto--num-open rest (buffer-substring start end))))
      (insert piece)
      (lsp-inline-completion-display 'implicit))))

(defun sotto-accept-word ()
  "Take the next word of the ghost, or the punctuation before it."
  (interactive)
  (sotto--accept "\\`[ \t\n]*\\(?:[[:alnum:]_]+\\|[^[:alnum:]_ \t\n]+\\)"))

(defun sotto-accept-line ()
  "Take the ghost's line; at the line's end, the next one."
  (interactive)
  (sotto--accept "\\`\n?.*"))

(defun sotto--unless-taken (command)
  "COMMAND, but nil in a snippet whose keymap has a Tab, and where the ghost brings indentation that is missing."
  (let ((keymap (get-pos-property (point) 'keymap)))
    (unless (or (and (keymapp keymap) (lookup-key keymap (kbd "TAB")))
                (and (string-match-p "\\`[ \t]" (car (sotto--ghost)))
                     (string-blank-p (buffer-substring (pos-bol) (point)))))
      command)))

(defun sotto--if-several (command)
  "COMMAND if there is another ghost to go to."
  (and (cdr lsp-inline-completion--items) command))

(defun sotto--bind (key command &optional filter)
  "In the ghost's keymap; where FILTER returns nil, the key is what it is without a ghost."
  (lsp-inline-completion--define-key lsp-inline-completion-active-map (kbd key) command 'keep)
  (when filter
    (define-key lsp-inline-completion-active-map (kbd key) `(menu-item "" ,command :filter ,filter))))

;; Most terminals cannot send C-RET.
(sotto--bind "TAB" #'lsp-inline-completion-accept #'sotto--unless-taken)
(sotto--bind "M-f" #'sotto-accept-word)
(sotto--bind "M-e" #'sotto-accept-line)
(sotto--bind "C-n" #'lsp-inline-completion-next #'sotto--if-several)
(sotto--bind "C-p" #'lsp-inline-completion-prev #'sotto--if-several)

;;; Why

(defun sotto--insert-explained (question)
  "Insert what the server says of QUESTION, an answer or a silence."
  (insert (format "%s:%d:%d  %s\n" (file-name-nondirectory (lsp-get question :uri))
                  (1+ (lsp-get question :line)) (lsp-get question :character)
                  (let ((print-escape-newlines t)
                        (shown (lsp-get question :shown)))
                    (if (string-empty-p shown) "nothing" (prin1-to-string shown)))))
  (seq-doseq (reason (lsp-get question :reasons))
    (insert (format "    %s (%s)\n" (lsp-get reason :sentence) (lsp-get reason :code))))
  (when-let* ((num-tokens (lsp-get question :promptTokens)))
    (insert (format "    %s tokens in the prompt, %s of them cached; probabilities of the lines:" num-tokens
                    (lsp-get question :cachedTokens)))
    (seq-doseq (share (lsp-get question :probabilities))
      (insert (format " %.2f" share)))
    (insert "\n    ms:")
    (lsp-map (lambda (name value) (insert (format " %s %s" name value))) (lsp-get question :timings))
    (insert "\n"))
  (insert "\n"))

(defun sotto-explain-last ()
  "Show why the last suggestions were shown, cut or left out, newest first."
  (interactive)
  (let ((questions (with-lsp-workspace (lsp-find-workspace 'sotto (buffer-file-name))
                     (lsp-request "workspace/executeCommand" '(:command "sotto.explainLast")))))
    (with-current-buffer-window "*sotto-explain*" nil nil
      (seq-do #'sotto--insert-explained questions))))

(provide 'sotto)
;;; sotto.el ends here
