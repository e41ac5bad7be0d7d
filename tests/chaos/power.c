/* Remembers what a disk was told to keep. Preloaded into a process, it copies, at each fsync and fdatasync below one of
 * the folders of POWER_ROOTS (absolute, with a colon between), the file as it then is to POWER_KEPT/f<inode>, and a folder's
 * names to POWER_KEPT/d<inode>. What stands there is what a power cut must leave; tests/chaos/power.py puts it back.
 * A copy takes its name only once it is whole, so that a process killed in the middle of it leaves the one before.
 * Where POWER_KEPT/cut appears, the power goes at the so manieth sync from then on, as the number in it says: the process is
 * killed with everything written that it wanted to be kept, and nothing of it kept.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int (*sync_call)(int);

static int is_watched(int fd)
{
    char link[64], path[PATH_MAX];
    const char *root = getenv("POWER_ROOTS");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0 || root == NULL || getenv("POWER_KEPT") == NULL)
        return 0;
    path[length] = '\0';
    while (*root) {
        size_t size = strcspn(root, ":");
        if (strncmp(path, root, size) == 0 && (path[size] == '/' || path[size] == '\0'))
            return 1;
        root += size + (root[size] == ':');
    }
    return 0;
}

static int partial(char *path)
{
    static __thread unsigned number;
    snprintf(path, PATH_MAX, "%s/.%d-%d-%u", getenv("POWER_KEPT"), getpid(), gettid(), number++);
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void name_it(const char *from, char kind, ino_t inode)
{
    char to[PATH_MAX];
    snprintf(to, sizeof to, "%s/%c%lu", getenv("POWER_KEPT"), kind, (unsigned long)inode);
    rename(from, to);
}

static void keep_file(int fd, ino_t inode)
{
    char link[64], path[PATH_MAX], block[1 << 16];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd); /* opened anew: the caller's may be for writing only */
    int in = open(link, O_RDONLY | O_CLOEXEC), out = partial(path);
    ssize_t read_now = -1;
    if (in >= 0 && out >= 0)
        while ((read_now = read(in, block, sizeof block)) > 0)
            if (write(out, block, read_now) != read_now) {
                read_now = -1;
                break;
            }
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    if (read_now == 0)
        name_it(path, 'f', inode);
    else
        unlink(path);
}

static void keep_folder(int fd, ino_t inode)
{
    char path[PATH_MAX];
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), out = partial(path);
    DIR *folder = again < 0 ? NULL : fdopendir(again);
    FILE *list = out < 0 ? NULL : fdopen(out, "w");
    if (folder && list)
        for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
            if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
                fprintf(list, "%lu %s\n", (unsigned long)entry->d_ino, entry->d_name);
    if (folder)
        closedir(folder);
    if (list && fclose(list) == 0)
        name_it(path, 'd', inode);
}

static void cut_if_due(void)
{
    static int left = -1;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/cut", getenv("POWER_KEPT"));
    FILE *file = left < 0 ? fopen(path, "r") : NULL;
    if (file != NULL) {
        if (fscanf(file, "%d", &left) != 1)
            left = -1;
        fclose(file);
    }
    if (left >= 0 && left-- == 0)
        kill(getpid(), SIGKILL);
}

static int synced(const char *name, int fd)
{
    if (is_watched(fd))
        cut_if_due();
    int result = ((sync_call)dlsym(RTLD_NEXT, name))(fd), before = errno;
    struct stat what;
    if (result == 0 && is_watched(fd) && fstat(fd, &what) == 0) {
        if (S_ISREG(what.st_mode))
            keep_file(fd, what.st_ino);
        else if (S_ISDIR(what.st_mode))
            keep_folder(fd, what.st_ino);
    }
    errno = before;
    return result;
}

int fsync(int fd)
{
    return synced("fsync", fd);
}

int fdatasync(int fd)
{
    return synced("fdatasync", fd);
}
